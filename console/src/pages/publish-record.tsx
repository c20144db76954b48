import { useState } from 'preact/hooks'
import { request, topicPath } from '../api/http.ts'
import { Confirm } from '../parts/confirm.tsx'

/** One record. Without a key the broker chooses its partition. */
export function PublishRecord({ topic, onClose }: { readonly topic: string; readonly onClose: () => void }) {
  const [key, setKey] = useState('')
  const [value, setValue] = useState('')
  const publish = async (): Promise<void> => {
    const record = { ...(key !== '' && { key }), value }
    await request('POST', topicPath(topic, '/records'), { records: [record] })
  }
  return (
    <Confirm title={`Publish to ${topic}`} action="Publish" onDone={publish} onClose={onClose}>
      <label>
        Key
        <input value={key} placeholder="none" onInput={({ currentTarget }) => setKey(currentTarget.value)} />
      </label>
      <label>
        Value
        <textarea rows={6} value={value} onInput={({ currentTarget }) => setValue(currentTarget.value)} />
      </label>
    </Confirm>
  )
}
