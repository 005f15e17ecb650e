// The dashboard's script: what a page gains when scripts run. Charts over time get a cursor and drag-to-zoom, filters apply
// on change, and keys work. Without it every page is complete.
import 'htmx.org'
import 'htmx.org/dist/ext/hx-sse.js'
import { drawAll } from './plot'
import { bindKeys } from './keys'

declare const htmx: { config: { morphIgnore: string[]; includeIndicatorCSS: boolean } }

// A live update must not close what the reader has opened.
htmx.config.morphIgnore.push('open')

document.documentElement.classList.add('scripted')

function applyOnChange(): void {
  document.addEventListener('change', (e) => {
    const el = e.target as HTMLElement
    if (el.matches('select[data-auto]')) (el as HTMLSelectElement).form?.requestSubmit()
  })
  // Empty fields stay out of the URL: equal views have equal URLs.
  document.addEventListener('submit', (e) => {
    for (const el of Array.from((e.target as HTMLFormElement).elements)) {
      const field = el as HTMLInputElement
      if (field.name && field.value === '') field.disabled = true
    }
  })
  // Back from the cache of the browser: the fields that were taken out come back.
  addEventListener('pageshow', () => {
    for (const el of document.querySelectorAll<HTMLInputElement>('.controls :disabled')) el.disabled = false
  })
}

function followLive(): void {
  const pill = document.getElementById('pill')
  const say = (word: string, on: boolean) => {
    if (!pill) return
    pill.classList.toggle('on', on)
    pill.classList.toggle('retrying', !on)
    pill.querySelector('.word')!.textContent = word
  }
  document.addEventListener('htmx:sse:error', () => say('Retrying ·', false))
  document.addEventListener('htmx:sse:after:connection', () => say('Live ·', true))
  document.addEventListener('retrying', () => say('Retrying ·', false))
  document.addEventListener('htmx:after:swap', () => {
    drawAll()
    const asked = document.querySelector<HTMLElement>('[data-asked]')?.dataset.asked
    if (asked) pill?.querySelector('time')?.replaceChildren(asked + ' UTC')
    say('Live ·', true)
  })
}

document.querySelector('.bar nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
applyOnChange()
followLive()
bindKeys()
drawAll()
