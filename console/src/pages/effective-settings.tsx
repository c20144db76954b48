import type { Config, EffectiveSetting } from '../api/answers.ts'
import { topicPath } from '../api/http.ts'
import { DataTable } from '../parts/data-table.tsx'
import { useAnswer } from '../parts/use-answer.ts'

/** Every setting of a topic under Kafka's name, with the value that holds and where it comes from. */
export function EffectiveSettings({ name, config }: { readonly name: string; readonly config: Config }) {
  const version = JSON.stringify(config)
  const { content } = useAnswer<{ readonly settings?: readonly EffectiveSetting[] }>(topicPath(name), version)
  if (content?.settings === undefined) return null
  return (
    <DataTable<EffectiveSetting>
      label={`Settings of ${name}`}
      rows={content.settings}
      keyOf={(setting) => setting.name}
      columns={[
        { title: 'Setting', of: (setting) => <span title={setting.about}>{setting.name}</span> },
        { title: 'Value', of: ({ value }) => (value === null ? 'none' : String(value)) },
        { title: 'From', of: ({ source }) => source },
      ]}
    />
  )
}
