package record

// AppendDocument is Append before packing.
var AppendDocument = appendDocument

// AppendAssessmentDocument is AppendAssessment before packing.
var AppendAssessmentDocument = appendAssessment
