// Calls of the engine. Ids are text in both directions; a refusal is thrown with the words that the engine gave.
import { setClock } from '../src/elements/time.js'

export class Refused extends Error {
  constructor(message: string, readonly status: number, readonly code: string) { super(message) }
}
/** Told about answers that say that the browser is not signed in, about calls that reached nobody, and up to which change an answer tells. */
export const heard = { signedOut: (): void => {}, lost: (): void => {}, upTo: (_instance: string, _number: number): void => {} }

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(path, { ...init, headers: { accept: 'application/json', ...(init?.body ? { 'content-type': 'application/json' } : {}) } })
  } catch (error) {
    if (init?.signal?.aborted) throw error
    heard.lost()
    throw new Refused('The engine does not answer. Is `lakeflow dev` still running?', 0, 'UNREACHABLE')
  }
  const text = await answer.text()
  if (!answer.ok) {
    if (answer.status === 401) heard.signedOut()
    let told: { message?: string; error_code?: string } = {}
    try { told = JSON.parse(text) as typeof told } catch { /* not from the engine itself */ }
    throw new Refused(told.message ?? `${answer.status} ${answer.statusText}`, answer.status, told.error_code ?? '')
  }
  const body = JSON.parse(text) as T & { now?: number; instance?: string; seq?: number }
  if (typeof body.now === 'number') setClock(body.now)
  if (body.instance && body.seq !== undefined) heard.upTo(body.instance, body.seq)
  return body
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => call<T>(`/console/api/${path}`, signal ? { signal } : undefined)
export const post = <T>(path: string, body: unknown): Promise<T> => call<T>(`/console/api/${path}`, { method: 'POST', body: JSON.stringify(body) })
/** A call of the Jobs API itself. */
export const jobsApi = <T>(path: string, body: unknown): Promise<T> => call<T>(`/api/2.2/jobs/${path}`, { method: 'POST', body: JSON.stringify(body) })
