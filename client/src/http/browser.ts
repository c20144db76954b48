import type { SendHttp } from './http.ts'

export const sendHttp: SendHttp = async ({ method, url, headers, body, timeoutMs }) => {
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) })
  return { status: response.status, text: await response.text() }
}
