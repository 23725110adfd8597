// Times in words. The clock is the engine's: pages show how long something takes there, whatever their own clock says.

let offset = 0
/** Takes the engine's clock as the truth. */
export const setClock = (now: number): void => {
  const measured = now - Date.now()
  // What arrives late says too little, so the largest counts; far less is a clock that was set.
  if (measured > offset || offset - measured > 2000) offset = measured
}
export const now = (): number => Date.now() + offset

const two = (n: number): string => String(Math.trunc(n)).padStart(2, '0')
/** `02:44`, as a log has it. */
export const minutes = (ms: number): string => `${two(ms / 6e4)}:${two((ms / 1e3) % 60)}`
/** `2m 44s`, `38s`, `64ms`, `3h 05m`, `2d 4h`. */
export function span(ms: number): string {
  if (ms < 1000) return ms < 1 ? '0s' : `${Math.round(ms)}ms`
  const s = Math.round(ms / 1000)
  const m = Math.round(s / 60)
  return s < 60 ? `${s}s` : s < 3600 ? `${Math.trunc(s / 60)}m ${two(s % 60)}s`
    : m < 1440 ? `${Math.trunc(m / 60)}h ${two(m % 60)}m` : `${Math.trunc(m / 1440)}d ${Math.trunc((m % 1440) / 60)}h`
}

/** What is left until a time, in whole seconds. */
export const remaining = (at: number): string => span(Math.max(0, Math.ceil((at - now()) / 1000)) * 1000)

/** `in 7 h 12 min`, `2 h ago`, `just now`. */
export function away(at: number, from = now()): string {
  const s = Math.round(Math.abs(at - from) / 1000)
  const later = at > from
  const [n, unit] = s < 60 ? [s, 's'] : s < 3600 ? [s / 60, 'min'] : s < 86400 ? [s / 3600, 'h'] : [s / 86400, 'd']
  const text = `${Math.trunc(n)} ${unit}${later && unit === 'h' && s % 3600 >= 60 ? ` ${Math.trunc((s % 3600) / 60)} min` : ''}`
  return later ? `in ${text}` : s < 5 ? 'just now' : `${text} ago`
}

/** `2026-11-21 06:00:07`, on the viewer's clock: Swedish writes it so. */
export const stamp = (at: number): string => new Date(at).toLocaleString('sv')
export const clock = (at: number): string => stamp(at).slice(11)
/** `Today 04:00:07`, `2026-11-20 04:00:07`. */
export const day = (at: number): string => stamp(at).replace(stamp(now()).slice(0, 10), 'Today')
/** `5.2 MB` */
export const bytes = (n: number): string =>
  n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1000).toFixed(n < 1e4 ? 1 : 0)} kB` : `${(n / 1e6).toFixed(1)} MB`
/** A number within bounds. */
export const clamp = (least: number, n: number, most: number): number => Math.max(least, Math.min(n, most))
/** Marks of a time axis that shows `ms`: about `most` of them over that, between two times. */
export function ticks(ms: number, most: number, from = 0, to = ms): number[] {
  const steps = [100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 144e5, 432e5, 864e5]
  const step = steps.find(step => ms / step <= most) ?? Math.ceil(ms / most / 864e5) * 864e5
  const first = Math.ceil(from / step)
  return Array.from({ length: clamp(0, Math.floor(to / step) - first + 1, 5000) }, (_, n) => (first + n) * step)
}
