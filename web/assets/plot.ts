// Charts over time: the server's drawing replaced by one with a cursor and drag-to-zoom, from the numbers beside it.
import uPlot from 'uplot'
import { format } from './format'

interface Series { name: string; class: string; values: (number | null)[] }
interface Plot {
  from: number; step: number; unit: string; zoom: boolean; series: Series[]
  limit?: number; label?: string; marks?: { at: number; text: string }[]; bands?: { from: number; to: number }[]; height: number; arriving: boolean; zero: boolean
}

const drawn = new Map<string, { plot: uPlot; text: string }>()

// colour reads a colour of the style sheet as the page shows it: light-dark() has no value until it is used.
function colour(token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(--${token})`
  document.body.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}

export function drawAll(): void {
  for (const [id, d] of drawn) {
    if (!d.plot.root.isConnected) { d.plot.destroy(); drawn.delete(id) }
  }
  for (const host of document.querySelectorAll<HTMLElement>('[data-plot]')) draw(host)
}

function draw(host: HTMLElement): void {
  const text = document.getElementById(host.dataset.plot!)?.textContent ?? ''
  const old = drawn.get(host.id)
  if (!text || (old && old.text === text)) return
  const data = JSON.parse(text) as Plot
  const values = columns(data)
  if (old && sameLines(JSON.parse(old.text) as Plot, data)) {
    old.plot.setData(values)
    old.text = text
    return
  }
  old?.plot.destroy()
  host.replaceChildren()
  const plot = new uPlot(options(host, data), values, host)
  drawn.set(host.id, { plot, text })
  legend(host, plot, data, null)
}

function sameLines(a: Plot, b: Plot): boolean {
  const key = (p: Plot) => JSON.stringify([p.unit, p.limit, p.marks, p.step, p.series.map((s) => s.name)])
  return key(a) === key(b)
}

// columns are the times and the values. A last value that is still arriving is a line of its own, drawn dashed.
function columns(p: Plot): uPlot.AlignedData {
  const n = p.series[0]?.values.length ?? 0
  const times = Array.from({ length: n }, (_, i) => p.from + (i + 0.5) * p.step)
  const whole = p.series.map((s) => p.arriving ? s.values.map((v, i) => (i === n - 1 ? null : v)) : s.values)
  const tails = p.arriving ? p.series.map((s) => s.values.map((v, i) => (i >= n - 2 ? v : null))) : []
  return [times, ...whole, ...tails]
}

function options(host: HTMLElement, p: Plot): uPlot.Options {
  const axis = { stroke: colour('fg-3'), grid: { stroke: colour('line-2'), width: 1 }, ticks: { show: false }, font: '11px "Inter Variable", system-ui, sans-serif' }
  const line = (s: Series, dash?: number[]): uPlot.Series => ({
    label: s.name, stroke: colour(s.class), width: 1.6, spanGaps: false,
    points: { show: true, size: 4, width: 0, fill: colour(s.class), filter: alone },
    ...(dash ? { dash } : s.class === 'so' ? { dash: [5, 4] } : {}),
  })
  return {
    width: width(host), height: (p.height || 220) + 34, tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), 'Etc/UTC'),
    legend: { show: false }, padding: [14, 18, 0, 0],
    cursor: { drag: { x: p.zoom, y: false, setScale: false }, points: { size: 6 } },
    scales: { y: { range: (_u, low, high) => bounds(low, high, p) } },
    axes: [
      { ...axis, size: 24, values: timeLabels },
      { ...axis, size: 56, values: (_u, at) => at.map((v) => format(v, p.unit)) },
    ],
    series: [{}, ...p.series.map((s) => line(s)), ...(p.arriving ? p.series.map((s) => line(s, [2, 4])) : [])],
    hooks: {
      drawClear: [(u) => bands(u, p)],
      draw: [(u) => { limit(u, p); marks(u, p) }],
      setCursor: [(u) => legend(host, u, p, u.cursor.idx ?? null)],
      setSelect: [(u) => zoom(u, p)],
    },
  }
}

// alone picks the values between two gaps: a line has no length there, so they are drawn as dots.
function alone(u: uPlot, series: number): number[] {
  const values = u.data[series]
  const there = (i: number) => values[i] !== null && values[i] !== undefined
  return Array.from(values.keys()).filter((i) => there(i) && !there(i - 1) && !there(i + 1))
}

function bounds(low: number | null, high: number | null, p: Plot): [number, number] {
  let from = low ?? 0
  const to = Math.max(high ?? 1, p.limit ?? 0)
  if (p.zero || from === to || from < to * 0.35) from = Math.min(0, from)
  return to > from ? [from, to + (to - from) * 0.04] : [from, from + 1]
}

const two = (n: number) => String(n).padStart(2, '0')
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function timeLabels(_u: uPlot, at: number[], _axis: number, _space: number, step: number): string[] {
  return at.map((t) => {
    const d = new Date(t * 1e3)
    const day = `${months[d.getUTCMonth()]} ${d.getUTCDate()}`
    if (step >= 86400 || (d.getUTCHours() === 0 && d.getUTCMinutes() === 0 && d.getUTCSeconds() === 0)) return day
    const clock = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`
    return step < 60 ? `${clock}:${two(d.getUTCSeconds())}` : clock
  })
}

function width(host: HTMLElement): number {
  return Math.max(200, host.parentElement!.clientWidth)
}

function limit(u: uPlot, p: Plot): void {
  if (!p.limit) return
  const y = Math.round(u.valToPos(p.limit, 'y', true))
  const c = u.ctx
  c.save()
  c.strokeStyle = c.fillStyle = colour('bad')
  c.lineWidth = devicePixelRatio
  c.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio])
  c.beginPath()
  c.moveTo(u.bbox.left, y)
  c.lineTo(u.bbox.left + u.bbox.width, y)
  c.stroke()
  label(c, p.label ?? '', u.bbox.left + u.bbox.width - 4, y - 5 * devicePixelRatio, 'right')
  c.restore()
}

function bands(u: uPlot, p: Plot): void {
  const c = u.ctx
  const { left, top, width, height } = u.bbox
  c.save()
  c.fillStyle = colour('panel-2')
  for (const b of p.bands ?? []) {
    const from = Math.max(left, u.valToPos(b.from, 'x', true))
    const to = Math.min(left + width, u.valToPos(b.to, 'x', true))
    if (to > from) c.fillRect(from, top, to - from, height)
  }
  c.restore()
}

function marks(u: uPlot, p: Plot): void {
  const c = u.ctx
  for (const m of p.marks ?? []) {
    const x = Math.round(u.valToPos(m.at, 'x', true))
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue
    c.save()
    c.strokeStyle = c.fillStyle = colour('accent')
    c.lineWidth = devicePixelRatio
    c.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
    c.beginPath()
    c.moveTo(x, u.bbox.top - 10 * devicePixelRatio)
    c.lineTo(x, u.bbox.top + u.bbox.height)
    c.stroke()
    const right = x > u.bbox.left + u.bbox.width * 0.85
    label(c, '▾ ' + m.text, x + (right ? -5 : 5) * devicePixelRatio, u.bbox.top - 2 * devicePixelRatio, right ? 'right' : 'left')
    c.restore()
  }
}

// label writes a text on a ground of the panel's colour, so that lines do not run through it.
function label(c: CanvasRenderingContext2D, text: string, x: number, y: number, align: CanvasTextAlign): void {
  c.font = `${11 * devicePixelRatio}px "Inter Variable", system-ui, sans-serif`
  c.textAlign = align
  c.textBaseline = 'alphabetic'
  c.setLineDash([])
  const ink = c.fillStyle
  const wide = c.measureText(text).width
  c.fillStyle = colour('panel')
  c.fillRect(x - (align === 'right' ? wide : 0) - 3 * devicePixelRatio, y - 11 * devicePixelRatio, wide + 6 * devicePixelRatio, 14 * devicePixelRatio)
  c.fillStyle = ink
  c.fillText(text, x, y)
}

// legend writes the values under the cursor into the page's own legend, or the latest ones.
function legend(host: HTMLElement, u: uPlot, p: Plot, at: number | null): void {
  const items = host.closest('.chart')?.querySelectorAll('.legend b') ?? []
  items.forEach((item, i) => {
    const values = p.series[i]?.values ?? []
    const v = at === null ? values.findLast((x) => x !== null) : values[at]
    item.textContent = format(v ?? null, p.unit)
  })
}

function zoom(u: uPlot, p: Plot): void {
  if (!p.zoom || u.select.width < 6) return
  const from = Math.floor(u.posToVal(u.select.left, 'x'))
  const to = Math.ceil(u.posToVal(u.select.left + u.select.width, 'x'))
  const url = new URL(location.href)
  for (const key of ['range', 'live', 'after']) url.searchParams.delete(key)
  url.searchParams.set('from', new Date(from * 1e3).toISOString().replace('.000', ''))
  url.searchParams.set('to', new Date(Math.max(to, from + 10) * 1e3).toISOString().replace('.000', ''))
  location.assign(url)
}

// A change of the colour scheme redraws everything; a change of width fits the charts.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const d of drawn.values()) d.plot.destroy()
  drawn.clear()
  drawAll()
})
let fitting = 0
addEventListener('resize', () => {
  cancelAnimationFrame(fitting)
  fitting = requestAnimationFrame(() => {
    for (const d of drawn.values()) d.plot.setSize({ width: width(d.plot.root.parentElement!), height: d.plot.height })
  })
})
