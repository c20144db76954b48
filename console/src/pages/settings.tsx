import { useState } from 'preact/hooks'
import type { BrokerSetting, BrokerSettings, TopicSummary } from '../api/answers.ts'
import { topicLink } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Notice, Refusal } from '../parts/notice.tsx'
import { OtherBrokers } from '../parts/other-brokers.tsx'
import { useAnswer } from '../parts/use-answer.ts'

/** Settings of the broker that serves the page, and of topics, with what differs from the default. */
export function SettingsPage() {
  const { content, error } = useAnswer<BrokerSettings>('/operations/settings')
  return (
    <>
      <h1>Settings</h1>
      <Refusal error={error} />
      {content === null ? error === null && <Notice>Waiting for the broker…</Notice> : <OfBroker {...content} />}
      <OfTopics />
    </>
  )
}

function OfBroker({ brokerId, settings }: BrokerSettings) {
  const [wanted, setWanted] = useState('')
  const [isShort, setShort] = useState(false)
  const has = (text: string): boolean => text.toLowerCase().includes(wanted.toLowerCase())
  const rows = settings.filter(({ name, about, changed }) => (changed || !isShort) && (has(name) || has(about)))
  return (
    <>
      <h2>Of broker {brokerId}</h2>
      <OtherBrokers page="#/settings">Those of others, in their consoles:</OtherBrokers>
      <div class="bar">
        <label>
          Filter
          <input type="search" value={wanted} onInput={({ currentTarget }) => setWanted(currentTarget.value)} />
        </label>
        <label class="choice">
          <input type="checkbox" checked={isShort} onChange={() => setShort(!isShort)} /> only what differs from its
          default
        </label>
      </div>
      <DataTable<BrokerSetting>
        label="Settings of the broker"
        rows={rows}
        keyOf={({ name }) => name}
        empty="None of them."
        columns={[
          { title: 'Setting', of: ({ name }) => <code>{name}</code>, isWhole: true },
          { title: 'Value', of: markedValue },
          { title: 'Default', of: (setting) => setting.default ?? '–' },
          { title: 'Meaning', of: ({ about }) => about },
        ]}
      />
    </>
  )
}

function markedValue({ value, changed, perBroker }: BrokerSetting) {
  if (!changed) return value
  return (
    <span class={perBroker ? 'whole' : 'whole warning'}>
      <b>{value}</b>, differs
    </span>
  )
}

/** A topic shows and changes its settings on its own page. */
function OfTopics() {
  const { state } = useLive()
  const rows = (state?.topics ?? []).filter(({ config }) => Object.keys(config).length > 0)
  return (
    <>
      <h2>Of topics</h2>
      <DataTable<TopicSummary>
        label="Settings of topics"
        rows={rows}
        keyOf={({ id }) => id}
        empty="No topic has settings of its own."
        columns={[
          { title: 'Topic', of: ({ name }) => <a href={topicLink(name)}>{name}</a> },
          {
            title: 'Settings',
            of: ({ config }) => (
              <div>
                {Object.entries(config).map(([name, value]) => (
                  <div key={name}>{`${name}: ${value}`}</div>
                ))}
              </div>
            ),
          },
        ]}
      />
    </>
  )
}
