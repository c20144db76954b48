import { MOST_ANSWER_BYTES, type SendHttp } from './http.ts'

export const sendHttp: SendHttp = async ({ method, url, headers, body, timeoutMs }) => {
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) })
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  const reader = response.body?.getReader()
  for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader!.read()) {
    bytes += piece.value.length
    if (bytes > MOST_ANSWER_BYTES) throw new Error(`The answer has more than ${MOST_ANSWER_BYTES} bytes.`)
    text += decoder.decode(piece.value, { stream: true })
  }
  return { status: response.status, text: text + decoder.decode() }
}
