import { useEffect, useState } from 'preact/hooks'
import { ApiError } from '../api/http.ts'
import { count, time } from '../format.ts'
import { topicLink } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { Refusal } from '../parts/notice.tsx'
import { PublishRecord } from './publish-record.tsx'
import { RecordBar } from './record-bar.tsx'
import { RecordDetail, textOf } from './record-detail.tsx'
import { type Found, MOST_FOUND, MOST_SEARCHED, type Shown } from './record-reading.ts'
import { useRecords, type Wish } from './use-records.ts'

/** Reads, searches, follows and publishes records of a topic. */
export function RecordsPage({ topic }: { readonly topic: string }) {
  const { state, stream } = useLive()
  const partitions = state?.topics.find(({ name }) => name === topic)?.partitions ?? 1
  const [wish, setWish] = useState<Wish>({ topic, partition: 0, wanted: '', isFollowing: false })
  const [from, setFrom] = useState('earliest')
  const [opened, setOpened] = useState<Shown | null>(null)
  const [isPublishing, setPublishing] = useState(false)
  const change = (part: Partial<Wish>): void => setWish((before) => ({ ...before, ...part }))
  const { records, found, error, isReading, read } = useRecords(wish, stream, () => change({ isFollowing: false }))
  const readFrom = (offset: string): void => {
    change({ isFollowing: false })
    void read(offset)
  }
  useEffect(() => void read(from), [wish.partition])
  return (
    <>
      <h1>
        <a href={topicLink(topic)}>{topic}</a> / records
      </h1>
      <RecordBar
        wish={wish}
        partitions={partitions}
        from={from}
        onWish={change}
        onFrom={setFrom}
        onRead={() => readFrom(from)}
        onPublish={() => setPublishing(true)}
      />
      <Refusal error={error} />
      {error instanceof ApiError && error.nextOffset !== null && (
        <button type="button" onClick={() => readFrom(String(error.nextOffset))}>
          Go on at offset {count(error.nextOffset)}
        </button>
      )}
      {found !== null && <Status found={found} isSearch={wish.wanted !== ''} onGoOn={readFrom} />}
      <DataTable<Shown>
        label="Records"
        isBusy={isReading}
        rows={records}
        keyOf={({ partition, offset }) => `${partition}/${offset}`}
        empty={wish.isFollowing ? 'Waiting for records…' : 'No records there.'}
        columns={columnsOf(wish.isFollowing, setOpened)}
      />
      {opened !== null && <RecordDetail topic={topic} record={opened} onClose={() => setOpened(null)} />}
      {isPublishing && <PublishRecord topic={topic} onClose={() => setPublishing(false)} />}
    </>
  )
}

function columnsOf(isFollowing: boolean, onOpen: (record: Shown) => void): Column<Shown>[] {
  const opener = (record: Shown) => (
    <button type="button" class="plain" onClick={() => onOpen(record)} title="Show the record">
      {count(record.offset)}
    </button>
  )
  return [
    { title: 'Offset', of: opener, isNumber: true },
    ...(isFollowing ? [{ title: 'Partition', of: ({ partition }: Shown) => partition, isNumber: true }] : []),
    { title: 'Time (UTC)', of: ({ timestamp }) => <Moment text={time(timestamp)} /> },
    { title: 'Key', of: ({ key }) => <code>{textOf(key)}</code> },
    { title: 'Value', of: ({ value }) => <code class="cut">{textOf(value)}</code> },
  ]
}

/** Without the day where there is no room; the record itself has it. */
function Moment({ text }: { readonly text: string }) {
  const at = text.indexOf(' ') + 1
  return (
    <>
      <span class="day">{text.slice(0, at)}</span>
      {text.slice(at)}
    </>
  )
}

interface StatusProps {
  readonly found: Found
  readonly isSearch: boolean
  readonly onGoOn: (offset: string) => void
}

/** How far a reading went, and how it goes on. */
function Status({ found, isSearch, onGoOn }: StatusProps) {
  const { partition, records, read, nextOffset, highWatermark } = found
  const what = isSearch
    ? `${count(records.length)} of ${count(read)} records searched`
    : `${count(records.length)} ${records.length === 1 ? 'record' : 'records'}`
  return (
    <p class="status" role="status">
      {what} in partition {partition}, up to offset {count(nextOffset)} of {count(highWatermark)}{' '}
      {nextOffset < highWatermark && (
        <button type="button" class="quiet" onClick={() => onGoOn(String(nextOffset))}>
          {isSearch ? 'Search on' : 'Next'}
        </button>
      )}
      {isSearch && ` A search stops after ${count(MOST_SEARCHED)} records searched, or ${count(MOST_FOUND)} found.`}
    </p>
  )
}
