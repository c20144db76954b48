import { useEffect, useState } from 'preact/hooks'
import type { ApiError } from '../api/http.ts'
import { useLive } from './live.ts'
import { startWatch, type Told } from './watching.ts'

/** Something with a state of its own, as docs/protocol.md has it. */
export type Subject =
  | { readonly of: 'partition'; readonly topic: string; readonly partition: number }
  | { readonly of: 'cascade' }
  | { readonly of: 'moves' }
  | { readonly of: 'audit' }
  | { readonly of: 'stages' }
  | { readonly of: 'consumer-groups' }
  | { readonly of: 'consumer-group'; readonly group: string }

export interface Watched<Content> {
  /** Null: nothing is known yet, or any more. */
  readonly content: Content | null
  /** Why `content` is no newer; null: it is as new as it can be. */
  readonly error: ApiError | null
}

const fields = {
  partition: 'group',
  cascade: 'cascade',
  moves: 'moves',
  audit: 'audit',
  stages: 'stages',
  'consumer-groups': 'consumerGroups',
  'consumer-group': 'consumerGroup',
} as const

/** What the broker tells of a subject by itself, whenever that changes. Null: nothing is watched. */
export function useWatched<Content>(subject: Subject | null): Watched<Content> {
  const { stream } = useLive()
  const [found, setFound] = useState<({ readonly key: string } & Told) | null>(null)
  const key = JSON.stringify(subject)
  useEffect(() => {
    if (stream === null || subject === null) return undefined
    return startWatch(stream, subject, fields[subject.of], (told) => setFound({ key, ...told }))
  }, [stream, key])
  // What was told of another subject is not shown.
  if (found === null || found.key !== key) return { content: null, error: null }
  return { content: found.content as Content | null, error: found.error }
}
