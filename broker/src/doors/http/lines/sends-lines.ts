import type { FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body may be lines, which are read as they come: their number has no bound. */
    takesLines?: boolean
  }
}

export const linesType = 'application/x-ndjson'

/** Whether what reads the body is the route itself, line by line, with bounds of its own. */
export function sendsLines({ routeOptions, headers }: Pick<FastifyRequest, 'routeOptions' | 'headers'>): boolean {
  if (routeOptions.config.takesLines !== true) return false
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1)
  return type.trim().toLowerCase() === linesType
}
