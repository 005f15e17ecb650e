// Package view has the pages: for each a model, built from an answer by a pure function, and its markup, and the shell
// around them. Models hold text that is ready to show; markup holds no rules.
package view
