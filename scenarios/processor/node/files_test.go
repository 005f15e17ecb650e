package node_test

import (
	"os"
	"path/filepath"
	"testing"
)

// tree fills an engine's folder.
func tree(t *testing.T, e *engine) {
	t.Helper()
	for name, text := range map[string]string{"a.txt": "text é", "sub/b.json": `{"b": 1}`, "sub/deep/c": ""} {
		path := filepath.Join(e.folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFilesAreRead(t *testing.T) {
	e := start(t)
	tree(t, e)
	same(t, e, "const fs = require('fs'); return fs.readFileSync(__dirname + '/a.txt', 'utf8') + fs.readFileSync(__dirname + '/a.txt').length", "text é7")
	same(t, e, "return JSON.parse(require('fs').readFileSync(require('path').join(__dirname, 'sub', 'b.json'), {encoding: 'utf8'})).b", "1")
	same(t, e, "return require('fs').readdirSync(__dirname).join() + '|' + require('fs').readdirSync(__dirname, {recursive: true}).join()", "a.txt,sub|a.txt,sub,sub/b.json,sub/deep,sub/deep/c")
	same(t, e, "return require('fs').readdirSync(__dirname, {withFileTypes: true}).map((d) => d.name + d.isDirectory()).join()", "a.txtfalse,subtrue")
	same(t, e, "const s = require('fs').statSync(__dirname + '/a.txt'); return [s.isFile(), s.isDirectory(), s.size, s.mtime instanceof Date].join()", "true,false,7,true")
	same(t, e, "const {existsSync: x} = require('fs'); return [x(__dirname), x(__dirname + '/no'), x('/etc/passwd'), x(5)].join()", "true,false,false,false")
	same(t, e, "return await require('fs').promises.readFile(__dirname + '/a.txt', 'utf8')", "text é")
	same(t, e, "return await require('fs/promises').readFile(new URL('file://' + __dirname + '/a.txt'), 'utf8')",
		"text é")
	same(t, e, "return await new Promise((r) => require('fs').readFile(__dirname + '/a.txt', 'latin1', (err, text) => r(err + text)))", "nulltext Ã©")
	same(t, e, "return await new Promise((r) => require('fs').readFile(__dirname + '/no', (err) => r(err.code + err.syscall)))", "ENOENTopen")
	same(t, e, "let s = ''; const r = require('fs').createReadStream(__dirname + '/a.txt', 'utf8'); r.on('data', (c) => { s += c }); await new Promise((end) => r.on('end', end)); return s", "text é")
	same(t, e, "return require('fs').statSync(__dirname + '/no', {throwIfNoEntry: false})", "undefined")
	same(t, e, "return require('fs').realpathSync(__dirname + '/sub/../a.txt') === require('path').join(__dirname, 'a.txt')", "true")
}

func TestFilesOutsideAndWritesAreRefused(t *testing.T) {
	e := start(t)
	tree(t, e)
	if err := os.Symlink("/etc", filepath.Join(e.folder, "out")); err != nil {
		t.Fatal(err)
	}
	const outside = " (it lies outside the script's folder; --allow-files names more)"
	same(t, e, "require('fs').readFileSync('/etc/passwd')",
		"threw Error |  | EACCES: permission denied, open '/etc/passwd'"+outside)
	same(t, e, "require('fs').readFileSync(__dirname + '/../x').code",
		"threw Error |  | EACCES: permission denied, open '"+e.folder+"/../x'"+outside)
	same(t, e, "try { require('fs').readFileSync(__dirname + '/out/passwd') } catch (err) { return err.message.slice(0, 1) }", "E")
	same(t, e, "try { return require('fs').readdirSync(__dirname + '/out').length } catch (err) { return err.message.slice(0, 1) }", "E")
	same(t, e, "require('fs').readFileSync(__dirname + '/no')",
		"threw Error | ENOENT | ENOENT: no such file or directory, open '"+e.folder+"/no'")
	same(t, e, "require('fs').readFileSync(__dirname + '/sub')",
		"threw Error | EISDIR | EISDIR: illegal operation on a directory, open '"+e.folder+"/sub'")
	same(t, e, "require('fs').readdirSync(__dirname + '/a.txt')",
		"threw Error | ENOTDIR | ENOTDIR: not a directory, scandir '"+e.folder+"/a.txt'")
	same(t, e, "require('fs').readFileSync('/dev/zero')",
		"threw Error |  | EACCES: permission denied, open '/dev/zero'"+outside)
	const refused = " is not available in loadgen: a processor may read files, and read only"
	same(t, e, "require('fs').writeFileSync('x', 'y')", "threw Error |  | fs.writeFileSync"+refused)
	same(t, e, "await require('fs').promises.unlink('x')", "threw Error |  | fs.unlink"+refused)
	same(t, e, "require('fs').readFileSync(5)",
		"threw TypeError | ERR_INVALID_ARG_TYPE | The \"path\" argument must be of type string or an instance of Buffer or URL. Received type number (5)")
}
