import { authorization, currentCredential } from './credential.ts'

/** An error as the broker answers it: with a code, and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  readonly hint: string
  /** Where records go on behind those that cannot be shown; null: it is about something else. */
  readonly nextOffset: number | null

  constructor(code: string, message: string, hint: string, nextOffset: number | null = null) {
    super(message)
    this.code = code
    this.hint = hint
    this.nextOffset = nextOffset
  }

  /** A credential would help. */
  get needsSignIn(): boolean {
    return this.code === 'AUTHENTICATION_REQUIRED' || this.code === 'AUTHENTICATION_FAILED'
  }
}

/** @throws ApiError */
export async function request<Answer>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer> {
  const headers = {
    ...authorization(currentCredential()),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  let response: Response
  try {
    response = await fetch(path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
  } catch {
    throw new ApiError('CONNECTION_LOST', 'The broker does not answer.', 'The page goes on as soon as it does.')
  }
  const text = await response.text()
  const answer = parse(text)
  if (response.ok) return answer as Answer
  throw errorOf(answer, response.status)
}

export function errorOf(answer: unknown, status = 0): ApiError {
  const { code, message, hint, nextOffset } = (answer ?? {}) as Partial<Record<string, unknown>>
  const next = typeof nextOffset === 'number' ? nextOffset : null
  const isKnown = typeof code === 'string' && typeof message === 'string'
  if (isKnown) return new ApiError(code, message, typeof hint === 'string' ? hint : '', next)
  return new ApiError('UNKNOWN', `The broker has answered with status ${status}.`, '')
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

export function topicPath(topic: string, rest = ''): string {
  return `/topics/${encodeURIComponent(topic)}${rest}`
}
