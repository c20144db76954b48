import { currentCredential } from '../api/credential.ts'
import { topicPath } from '../api/http.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { curlOf } from './curl.ts'
import type { Wish } from './use-records.ts'

interface RecordBarProps {
  readonly wish: Wish
  readonly partitions: number
  readonly from: string
  readonly onWish: (change: Partial<Wish>) => void
  readonly onFrom: (from: string) => void
  readonly onRead: () => void
  readonly onPublish: () => void
}

/** Where to read, and what for. */
export function RecordBar({ wish, partitions, from, onWish, onFrom, onRead, onPublish }: RecordBarProps) {
  const { topic, partition, wanted, isFollowing } = wish
  const path = topicPath(topic, `/partitions/${partition}/records?offset=${encodeURIComponent(from)}`)
  const submit = (event: Event): void => {
    event.preventDefault()
    onRead()
  }
  return (
    <form class="bar" onSubmit={submit}>
      <label>
        Partition
        <select
          value={partition}
          onChange={({ currentTarget }) => onWish({ partition: Number(currentTarget.value), isFollowing: false })}
        >
          {Array.from({ length: partitions }, (_, number) => (
            <option key={number} value={number}>
              {number}
            </option>
          ))}
        </select>
      </label>
      <label>
        From
        <input
          value={from}
          list="positions"
          onInput={({ currentTarget }) => onFrom(currentTarget.value)}
          title="earliest, latest, an offset, or a time like 2026-03-01T12:00:00Z"
        />
        <datalist id="positions">
          <option value="earliest" />
          <option value="latest" />
        </datalist>
      </label>
      <label>
        Search key and value
        <input type="search" value={wanted} onInput={({ currentTarget }) => onWish({ wanted: currentTarget.value })} />
      </label>
      <button type="submit">{wanted === '' ? 'Read' : 'Search'}</button>
      <button
        type="button"
        class={isFollowing ? '' : 'quiet'}
        aria-pressed={isFollowing}
        onClick={() => onWish({ isFollowing: !isFollowing })}
      >
        {isFollowing ? 'Following' : 'Follow'}
      </button>
      <button type="button" class="quiet" onClick={onPublish}>
        Publish…
      </button>
      <CopyButton text={curlOf(location.origin, path, currentCredential())}>Copy as curl</CopyButton>
    </form>
  )
}
