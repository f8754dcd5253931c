package pgpool

// Set sends settings as a best effort.
var Set = set
