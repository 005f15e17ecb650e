package node_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/sobek"

	"edgescope/scenarios/bundle"
	"edgescope/scenarios/processor/node"
)

// packages is where `make test` installs what package.json beside it names.
const packages = "testdata/npm"

func needPackages(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(packages + "/node_modules/lodash/package.json"); err != nil {
		t.Skip("npm packages are not installed: make scenarios/processor/node/" + packages + "/node_modules")
	}
}

// bundled bundles a text as if it lay beside the packages.
func bundled(t testing.TB, name, source string) (*bundle.Bundle, []bundle.Problem) {
	t.Helper()
	entry := filepath.Join(packages, name)
	return bundle.Build(entry, bundle.Options{
		Has: func(name string) bool { return slices.Contains(node.Builtins(), name) },
		ReadFile: func(path string) ([]byte, error) {
			if path == entry {
				return []byte(source), nil
			}
			return os.ReadFile(path) //nolint:gosec // packages of the test
		},
	})
}

// run evaluates a bundle and calls its function f.
func (e *engine) run(b *bundle.Bundle) string {
	wrapper, err := e.rt.RunScript("bundle", "(function (module, exports) {"+b.Code+"\n})")
	if err != nil {
		return "threw " + err.Error()
	}
	load, _ := sobek.AssertFunction(wrapper)
	module, exports := e.rt.NewObject(), e.rt.NewObject()
	_ = module.Set("exports", exports)
	if _, err := load(sobek.Undefined(), module, exports); err != nil {
		return "threw " + err.Error()
	}
	_ = e.rt.Set("f", module.Get("exports").ToObject(e.rt).Get("f"))
	return e.do("return f()")
}

func TestPackagesOfNPMRun(t *testing.T) {
	needPackages(t)
	f := func(name, source, want string) {
		t.Helper()
		b, problems := bundled(t, name, source)
		if len(problems) > 0 {
			t.Errorf("%s: %v", source, problems)
			return
		}
		if len(b.Absent) > 0 {
			t.Errorf("%s: %v", source, b.Absent)
		}
		if got := start(t).run(b); got != want {
			t.Errorf("%s\n got %s\nwant %s", source, got, want)
		}
	}
	f("p.mjs", `import { faker } from '@faker-js/faker'; export const f = () => {
		faker.seed(7); const a = faker.person.fullName(); faker.seed(7); return a === faker.person.fullName() && a.includes(' ') }`, "true")
	f("p.js", `const { faker, fakerDE } = require('@faker-js/faker'); exports.f = () => {
		const u = { id: faker.string.uuid(), mail: faker.internet.email(), price: faker.commerce.price(), at: faker.date.past(), city: fakerDE.location.city() };
		return [/^[0-9a-f-]{36}$/.test(u.id), /@/.test(u.mail), u.price > 0, u.at < new Date(), u.city.length > 1].join() }`, "true,true,true,true,true")
	f("p.js",
		`const _ = require('lodash'); exports.f = () => [_.chunk([1, 2, 3], 2).length, _.get({a: [{b: 1}]}, 'a[0].b'),
		_.camelCase('foo bar'), _.isEqual({a: new Map([[1, 2]])}, {a: new Map([[1, 2]])}), _.template('<%= x %>')({x: 5}), _.sample([9]),
		_.cloneDeep({d: new Date(1)}).d.getTime(), _.merge({a: {b: 1}}, {a: {c: 2}}).a.c].join()`, "2,1,fooBar,true,5,9,1,2")
	f("p.ts",
		`import { chunk } from 'lodash'; import cloneDeep from 'lodash/cloneDeep'; export const f = (): number => chunk(cloneDeep([1, 2, 3])).length`, "3")
	f("p.js",
		`const { v4, v5, v7, validate, version } = require('uuid'); exports.f = () => [validate(v4()), version(v7()),
		v5('x', v5.DNS)].join()`, "true,7,05b16a01-46c6-56dd-bd6e-c6dfb4a1427a")
	f("p.js",
		`const { parse } = require('csv-parse/sync'); exports.f = () => JSON.stringify(parse('a;b\n1;"x\ny"\n', {columns: true, delimiter: ';'}))`,
		`[{"a":"1","b":"x\ny"}]`)
	f("p.mjs",
		`import { parse } from 'csv-parse'; export const f = () => new Promise((yes, no) => parse('a,b\n1,2', (err, rows) => err ? no(err) : yes(JSON.stringify(rows))))`,
		`[["a","b"],["1","2"]]`)
	f("p.js",
		`const jwt = require('jsonwebtoken'); exports.f = () => { const t = jwt.sign({sub: 'u1', iat: 1}, 'secret'); return t + jwt.verify(t, 'secret', {ignoreExpiration: true}).sub }`,
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1MSIsImlhdCI6MX0.WPAcd1i9UsgGT0lA0oFDP65rolcarmpmYqC5TMUIu_Au1")
	f("p.js", `const jwt = require('jsonwebtoken'), crypto = require('crypto');
		const rsa = crypto.generateKeyPairSync('rsa', {modulusLength: 2048, privateKeyEncoding: {type: 'pkcs8', format: 'pem'}, publicKeyEncoding: {type: 'spki', format: 'pem'}});
		const ec = crypto.generateKeyPairSync('ec', {namedCurve: 'P-256', privateKeyEncoding: {type: 'sec1', format: 'pem'}, publicKeyEncoding: {type: 'spki', format: 'pem'}});
		exports.f = () => [['RS256', rsa], ['PS384', rsa], ['ES256', ec]].map(([algorithm, k]) => jwt.verify(jwt.sign({a: 1}, k.privateKey, {algorithm, expiresIn: '1h'}), k.publicKey).a).join()`, "1,1,1")
	f("p.js",
		`const jwt = require('jsonwebtoken'); exports.f = () => { try { jwt.verify(jwt.sign({}, 'a'), 'b') } catch (e) { return e.name + ': ' + e.message } }`,
		"JsonWebTokenError: invalid signature")
	f("p.js",
		`const Ajv = require('ajv'); const v = new Ajv({allErrors: true}).compile({type: 'object', properties: {id: {type: 'integer', minimum: 1}, tag: {type: 'string', pattern: '^\\w+$'}}, required: ['id']});
		exports.f = () => [v({id: 1, tag: 'a'}), v({id: 0}), v.errors[0].message].join()`, "true,false,must be >= 1")
	f("p.ts",
		`import Ajv from 'ajv'; const validate = new Ajv().compile<{a: string}>({type: 'object', properties: {a: {enum: ['x']}}}); export const f = () => validate({a: 'y'})`, "false")
	f("p.js",
		`const dayjs = require('dayjs'); dayjs.extend(require('dayjs/plugin/utc')); exports.f = () => dayjs.utc('2024-02-28').add(2, 'day').format('YYYY-MM-DD ddd')`, "2024-03-01 Fri")
	f("p.js",
		`const moment = require('moment'); exports.f = () => moment.utc('2024-01-31').add(1, 'month').format('dddd, MMMM Do YYYY')`, "Thursday, February 29th 2024")
	f("p.mjs",
		`import { nanoid, customAlphabet } from 'nanoid'; export const f = () => nanoid().length + customAlphabet('ab', 5)().replace(/[ab]/g, '')`, "21")
	f("p.js",
		`const chance = require('chance').Chance(5); exports.f = () => [chance.integer({min: 1, max: 1}), /@/.test(chance.email()), new (require('chance'))(1).name().split(' ').length].join()`, "1,true,2")
	f("p.js",
		`require('dotenv').config({path: __dirname + '/none'}); exports.f = () => require('dotenv').parse('A=1\nB="x y"').B`, "x y")
}

func TestPackagesOfTheNetworkAreNamed(t *testing.T) {
	needPackages(t)
	f := func(source, want string) {
		t.Helper()
		b, problems := bundled(t, "p.mjs", source)
		if len(problems) > 0 {
			t.Errorf("%s: %v", source, problems)
			return
		}
		if got := start(t).run(b); !strings.HasPrefix(got, "threw") {
			t.Errorf("%s\n got %s", source, got)
		}
		told := false
		for _, a := range b.Absent {
			told = told || a.Message == want && a.At.Line == 1 && a.At.Col > 10
		}
		if !told {
			t.Errorf("%s: %+v", source, b.Absent)
		}
	}
	const p = packages + "/p.mjs → "
	f("import axios from 'axios'; export const f = () => axios.get('http://x')",
		"axios needs node's http, which loadgen does not have ("+p+"axios → http)")
	f("import fetch from 'node-fetch'; export const f = () => fetch('http://x')",
		"node-fetch needs node's http, which loadgen does not have ("+p+"node-fetch → http)")
}

func BenchmarkStart(b *testing.B) {
	needPackages(b)
	source := "const { faker } = require('@faker-js/faker'); exports.f = () => faker.person.fullName()"
	var build, load time.Duration
	for b.Loop() {
		began := time.Now()
		made, problems := bundled(b, "p.js", source)
		if len(problems) > 0 {
			b.Fatal(problems)
		}
		build += time.Since(began)
		began = time.Now()
		if got := start(b).run(made); !strings.Contains(got, " ") {
			b.Fatal(got)
		}
		load += time.Since(began)
	}
	b.ReportMetric(build.Seconds()*1000/float64(b.N), "bundle-ms/op")
	b.ReportMetric(load.Seconds()*1000/float64(b.N), "load-ms/op")
}
