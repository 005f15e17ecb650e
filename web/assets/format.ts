// Numbers as the server writes them: three significant digits, a no-break space before the unit.
const digits = (v: number): string => {
  const a = Math.abs(v)
  if (a === 0 || (a === Math.trunc(a) && a < 1e4)) return String(v)
  if (a < 0.01) return String(Number(v.toFixed(4)))
  return v.toFixed(a < 9.995 ? 2 : a < 99.95 ? 1 : 0)
}

const thousands = (v: number): [number, string] => {
  const a = Math.abs(v)
  if (a >= 999.5e6) return [v / 1e9, 'G']
  if (a >= 999.5e3) return [v / 1e6, 'M']
  if (a >= 9999.5) return [v / 1e3, 'k']
  return [v, '']
}

const time = (ms: number): string => {
  const a = Math.abs(ms)
  if (a >= 48 * 3600e3) return digits(ms / 86400e3) + '\u00a0d'
  if (a >= 120 * 60e3) return digits(ms / 3600e3) + '\u00a0h'
  if (a >= 600e3) return digits(ms / 60e3) + '\u00a0min'
  if (a >= 999.5) return digits(ms / 1e3) + '\u00a0s'
  if (a !== 0 && a < 0.0995) return digits(ms * 1e3) + '\u00a0µs'
  return digits(ms) + '\u00a0ms'
}

export function format(v: number | null, unit: string): string {
  if (v === null || v === undefined) return '–'
  if (unit === 'ms') return time(v)
  if (unit === 'ratio') return digits(v * 100) + '\u00a0%'
  const [scaled, prefix] = thousands(v)
  if (unit === 'persecond') return digits(scaled) + '\u00a0' + prefix + '/s'
  return prefix ? digits(scaled) + '\u00a0' + prefix : digits(scaled)
}
