package rules

import (
	"fmt"
	"path/filepath"
	"slices"

	"edgescope/internal/tree"
)

// maxFile bounds a file of rules, in bytes.
const maxFile = 4 << 20

// Load reads the files that patterns name (as filepath.Match has them), in the order of their names. Its error is
// tree.Problems with all that is wrong with all files, or of the file system. A pattern without a file is an error: a
// misspelled one would be silence. Warnings are what is accepted but means something else than is written.
func Load(patterns []string, check Check) (groups []Group, warnings tree.Problems, err error) {
	files, err := named(patterns)
	if err != nil {
		return nil, nil, err
	}
	var faults tree.Problems
	for _, file := range files {
		src, err := readFile(file)
		if err != nil {
			return nil, nil, err
		}
		of, problems := Read(file, src, check)
		for _, p := range problems {
			if p.Warning {
				warnings = append(warnings, p)
			} else {
				faults = append(faults, p)
			}
		}
		for i := range of {
			same := slices.IndexFunc(groups, func(g Group) bool { return g.Name == of[i].Name })
			if same >= 0 {
				faults = append(faults, tree.Problem{
					Pos: of[i].Pos,
					Msg: fmt.Sprintf("group %q: there is a group of this name at %s", of[i].Name, groups[same].Pos),
				})
			}
		}
		groups = append(groups, of...)
	}
	if len(faults) > 0 {
		return nil, warnings, faults
	}
	return groups, warnings, nil
}

func named(patterns []string) ([]string, error) {
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("rules %s: %w", pattern, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("rules %s: there is no such file", pattern)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

func readFile(file string) ([]byte, error) {
	src, err := tree.ReadFile(file, maxFile)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return src, nil
}
