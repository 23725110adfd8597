//! Each endpoint of the Jobs REST API as plain data: build a request, read a response, classify an error.
