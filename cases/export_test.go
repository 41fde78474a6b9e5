package cases

// RefusedInside is for the test that makes the known catalog.
var RefusedInside = refusedInside
