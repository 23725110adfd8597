// Times in words. The clock is the engine's: pages show how long something takes there, whatever their own clock says.

let offset = 0
/** Takes the engine's clock as the truth. */
export const setClock = (now: number): void => {
  const measured = now - Date.now()
  // A late answer says too little; small differences are the network's.
  if (Math.abs(measured - offset) > 400) offset = measured
}
export const now = (): number => Date.now() + offset

/** `2m 44s`, `38s`, `64ms`, `3h 05m`, `2d 4h`. */
export function span(ms: number): string {
  if (ms < 0) ms = 0
  if (ms < 1000) return ms < 1 ? '0s' : `${Math.round(ms)}ms`
  const s = Math.round(ms / 1000)
  if (s < 60) return `${s}s`
  if (s < 3600) return `${Math.floor(s / 60)}m ${String(s % 60).padStart(2, '0')}s`
  const m = Math.round(s / 60)
  if (m < 1440) return `${Math.floor(m / 60)}h ${String(m % 60).padStart(2, '0')}m`
  return `${Math.floor(m / 1440)}d ${Math.floor((m % 1440) / 60)}h`
}

/** `in 7 h 12 min`, `2 h ago`, `just now`. */
export function away(at: number, from = now()): string {
  const s = Math.round(Math.abs(at - from) / 1000)
  const text = s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min`
    : s < 86400 ? `${Math.floor(s / 3600)} h${at > from && s % 3600 >= 60 ? ` ${Math.floor((s % 3600) / 60)} min` : ''}`
    : `${Math.floor(s / 86400)} d`
  return at > from ? `in ${text}` : s < 5 ? 'just now' : `${text} ago`
}

const pad = (n: number): string => String(n).padStart(2, '0')
/** `2026-11-21 06:00:07`, on the viewer's clock. */
export function stamp(at: number): string {
  const d = new Date(at)
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${clock(at)}`
}
export const clock = (at: number): string => {
  const d = new Date(at)
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`
}
/** `Today 04:00:07`, `2026-11-20 04:00:07`. */
export function day(at: number): string {
  const whole = stamp(at)
  return whole.slice(0, 10) === stamp(now()).slice(0, 10) ? `Today ${clock(at)}` : whole
}
/** `5.2 MB` */
export const bytes = (n: number): string =>
  n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1000).toFixed(n < 1e4 ? 1 : 0)} kB` : `${(n / 1e6).toFixed(1)} MB`
/** Marks of a time axis that shows `ms`: about `most` of them over that, between two times. */
export function ticks(ms: number, most: number, from = 0, to = ms): number[] {
  const steps = [100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 144e5, 432e5, 864e5]
  const step = steps.find(step => ms / step <= most) ?? Math.ceil(ms / most / 864e5) * 864e5
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.max(0, Math.min(5000, Math.floor(to / step) - first + 1)) }, (_, n) => (first + n) * step)
}
