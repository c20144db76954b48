import type { AuditRecord } from '../api/answers.ts'
import { time } from '../format.ts'
import { topicLink } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { useWatched } from '../live/use-watched.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Notice, Refusal } from '../parts/notice.tsx'

const AUDIT_TOPIC = '__audit'

/** Changes of brokers, members and security, as the metadata keeps them, newest first. */
export function AuditPage() {
  const { state } = useLive()
  const { content, error } = useWatched<{ records: AuditRecord[] }>({ of: 'audit' })
  const records = content?.records ?? null
  const hasTopic = state?.topics.some(({ name }) => name === AUDIT_TOPIC) === true
  return (
    <>
      <h1>Audit of the cluster</h1>
      <p>
        Brokers that joined or were removed, forced members, feature levels, and changes of users, tokens, rules and
        quotas. Every administrative act, failed login and refusal is a record of the topic{' '}
        {hasTopic ? <a href={`${topicLink(AUDIT_TOPIC)}/records`}>{AUDIT_TOPIC}</a> : AUDIT_TOPIC}
        {hasTopic ? '.' : ', which is there where clients show credentials, and seen by those who may read it.'}
      </p>
      <Refusal error={error} />
      {records === null ? (
        error === null && <Notice>Waiting for the broker…</Notice>
      ) : (
        <DataTable<AuditRecord>
          label="Audit"
          rows={records}
          keyOf={(record) => records.length - records.indexOf(record)}
          empty="Nothing yet."
          columns={[
            { title: 'Time (UTC)', of: ({ at }) => time(at), isWhole: true },
            { title: 'By', of: ({ by }) => by || '–' },
            { title: 'Act', of: ({ action }) => action, isWhole: true },
            { title: 'Target', of: ({ target }) => target },
            { title: 'Detail', of: ({ detail }) => detail },
            { title: 'Broker', of: ({ broker }) => broker, isNumber: true },
          ]}
        />
      )}
    </>
  )
}
