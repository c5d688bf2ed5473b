//go:build !linux

package main

// dropProgram does nothing where it is not known how.
func dropProgram() {}
