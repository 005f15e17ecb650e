// Visits every page of a running dashboard in a real browser: dark, light and 390 px wide, with and without scripts. It fails
// on anything that axe-core finds, on console errors, on violations of the content security policy, on requests to other
// origins and on pages that scroll sideways.
//
//   node check.mjs BASE_URL [SCREENSHOT_FOLDER]
//
// CHROMIUM names the browser, /usr/bin/chromium without it. CHECK_PATHS adds paths, CHECK_MODES chooses of dark,
// light, mobile and noscript; both are lists separated by spaces. With CHECK_TOKEN it signs in first.
import { createRequire } from 'node:module'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)
const axe = require.resolve('axe-core/axe.min.js')
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]
const modes = [
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'mobile', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  { name: 'noscript', colorScheme: 'light', viewport: { width: 1440, height: 900 }, javaScriptEnabled: false, axe: false },
]

const [base, folder] = process.argv.slice(2)
const only = process.env.CHECK_MODES?.split(' ')
if (!base) {
  console.error('usage: node check.mjs BASE_URL [SCREENSHOT_FOLDER]')
  process.exit(2)
}
const origin = new URL(base).origin
const problems = []

// discover finds one page of each kind: the fixed ones, and the first region, trace and run that are linked.
async function discover(context) {
  const paths = ['/', '/regions', '/cold-starts', '/cold-starts/model', '/cache/advice', '/wasm/porting', '/slo', '/versions', '/routing', '/alerts', '/limits', '/cost', '/wasm', '/cache', '/explain', '/traces', '/runs', ...(process.env.CHECK_PATHS ?? '').split(' ').filter(Boolean)]
  const page = await context.newPage()
  for (const [list, prefix] of [['/regions', '/regions/'], ['/traces', '/traces/'], ['/runs', '/runs/']]) {
    await page.goto(origin + list)
    const link = page.locator(`tbody a[href^="${prefix}"]`).first()
    if (await link.count()) paths.push(await link.getAttribute('href'))
  }
  await page.close()
  return [...new Set(paths)]
}

function watch(page, where) {
  const bad = (kind, text) => problems.push(`${where()}: ${kind}: ${text}`)
  page.on('console', (m) => { if (m.type() === 'error') bad('console', m.text()) })
  page.on('pageerror', (e) => bad('script error', e.message))
  page.on('request', (r) => {
    const url = new URL(r.url())
    if (url.protocol.startsWith('http') && url.origin !== origin) bad('request to another origin', r.url())
  })
}

async function visit(page, path, mode) {
  const where = `${mode.name} ${path}`
  const answer = await page.goto(origin + path, { waitUntil: 'load' })
  if (!answer.ok()) problems.push(`${where}: status ${answer.status()}`)
  const csp = answer.headers()['content-security-policy'] ?? ''
  if (!csp.includes("default-src 'none'") || csp.includes('unsafe')) problems.push(`${where}: content security policy: ${csp}`)
  if (mode.javaScriptEnabled !== false) {
    await page.evaluate(() => document.fonts.ready)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (wide > 0) problems.push(`${where}: scrolls sideways by ${wide} px`)
    const nodes = await page.evaluate(() => document.getElementsByTagName('*').length)
    if (nodes >= 6000) problems.push(`${where}: ${nodes} elements, the limit is 6000`)
  }
  if (mode.axe !== false) await judge(page, where)
  if (folder) {
    const name = path.split('?')[0].replaceAll('/', '-').replace(/^-/, '').slice(0, 24) || 'overview'
    await page.screenshot({ path: join(folder, `${name}.${mode.name}.png`), fullPage: true })
  }
}

// judge runs axe in a world of its own, so that the page's policy stays as it is.
async function judge(page, where) {
  const session = await page.context().newCDPSession(page)
  const { frameTree } = await session.send('Page.getFrameTree')
  const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' })
  const run = async (expression, awaitPromise) => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, awaitPromise, returnByValue: true, contextId: executionContextId })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }
  await run(await (await import('node:fs/promises')).readFile(axe, 'utf8') + ';0', false)
  const found = await run(`axe.run(document, ${JSON.stringify({ runOnly: tags, resultTypes: ['violations'] })}).then((r) =>
    r.violations.map((v) => v.id + ' (' + v.nodes.length + '): ' + v.nodes.slice(0, 2).map((n) => n.target + ' ' + n.html.slice(0, 160) + ' ' + n.failureSummary).join(' | ')))`, true)
  for (const text of found) problems.push(`${where}: axe: ${text}`)
  await session.detach()
}

// signIn goes through the form: a page that needs it leads there, and the token leads back.
async function signIn(page, token, mode) {
  const wanted = origin + '/regions?range=1h'
  await page.goto(wanted)
  await visit(page, new URL(page.url()).pathname, mode)
  await page.goto(wanted)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForLoadState('load')
  if (page.url() !== wanted) problems.push(`${mode.name} sign-in: leads to ${page.url()}, want ${wanted}`)
}

// signOut ends the session: the page before is not shown again.
async function signOut(page, mode) {
  await page.goto(origin + '/regions')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForLoadState('load')
  await page.goto(origin + '/regions')
  if (new URL(page.url()).pathname !== '/sign-in') problems.push(`${mode.name} sign-out: ${page.url()} is shown`)
}

const profile = await mkdtemp(join(tmpdir(), 'edgescope-check-'))
if (folder) await mkdir(folder, { recursive: true })
let visited = 0
try {
  for (const mode of modes.filter((m) => !only || only.includes(m.name))) {
    const context = await chromium.launchPersistentContext(join(profile, mode.name), {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: flags,
      colorScheme: mode.colorScheme, viewport: mode.viewport, javaScriptEnabled: mode.javaScriptEnabled ?? true, timezoneId: 'America/New_York',
    })
    try {
      const token = process.env.CHECK_TOKEN
      const page = await context.newPage()
      let current = 'sign-in'
      watch(page, () => `${mode.name} ${current}`)
      if (token) await signIn(page, token, mode)
      const paths = await discover(context)
      for (const path of paths) {
        current = path
        await visit(page, path, mode)
        visited++
      }
      current = 'sign-out'
      if (token) await signOut(page, mode)
    } finally {
      await context.close()
    }
  }
} finally {
  await rm(profile, { recursive: true, force: true })
}
for (const p of problems) console.error(p)
console.log(`${visited} visits, ${problems.length} problems`)
process.exit(problems.length ? 1 : 0)
