export function count(value: number): string {
  return value.toLocaleString('en')
}

/** A rate a second; "–": not known yet. */
export function rate(value: number | null): string {
  if (value === null) return '–'
  return value >= 100 ? count(Math.round(value)) : value === 0 ? '0' : value.toFixed(1)
}

/** Powers of 1000, as disks are sold. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['KB', 'MB', 'GB', 'TB', 'PB']
  let [value, unit] = [bytes / 1000, 0]
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${value.toFixed(1)} ${units[unit]}`
}

/** "–": -1, no time; a number: beyond what a date can show. */
export function time(ms: number): string {
  if (ms === -1) return '–'
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? count(ms) : date.toISOString().replace('T', ' ').replace('Z', '')
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}

/** A time in microseconds; "–": not known. */
export function micros(value: number | null | undefined): string {
  if (value == null) return '–'
  if (value < 1000) return `${Math.round(value)} µs`
  const [shown, unit] = value < 1_000_000 ? [value / 1000, 'ms'] : [value / 1_000_000, 's']
  return `${shown.toFixed(1).replace('.0', '')} ${unit}`
}
