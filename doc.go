// Package edgescope holds the tests of the module's own structure. The programs are in cmd.
package edgescope
