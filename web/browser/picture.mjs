// Takes the picture of a page of a running dashboard, as the README shows it.
//
//   node picture.mjs URL FILE [dark|light]
//
// CHROMIUM names the browser, /usr/bin/chromium without it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const [url, file, colorScheme = 'dark'] = process.argv.slice(2)
if (!url || !file) {
  console.error('usage: node picture.mjs URL FILE [dark|light]')
  process.exit(2)
}
const profile = await mkdtemp(join(tmpdir(), 'edgescope-picture-'))
try {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, colorScheme,
    viewport: { width: 1440, height: 900 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  })
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'load' })
  await page.evaluate(() => document.fonts.ready)
  await page.screenshot({ path: file, fullPage: true })
  await context.close()
} finally {
  await rm(profile, { recursive: true, force: true })
}
