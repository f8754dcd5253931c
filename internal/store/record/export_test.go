package record

// AppendDocument is Append before packing.
var AppendDocument = appendDocument
