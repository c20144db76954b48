import { expect, it } from 'vitest'
import { parseConfigFile } from './config-file.ts'

it('reads JSON and YAML alike', async () => {
  const settings = { id: 1, join: ['127.0.0.1:7080'] }
  expect(await parseConfigFile('{"id":1,"join":["127.0.0.1:7080"]}', 'b.json')).toEqual(settings)
  expect(await parseConfigFile('id: 1\njoin: [127.0.0.1:7080]\n', 'b.yaml')).toEqual(settings)
  expect(await parseConfigFile('id: 1\njoin:\n  - 127.0.0.1:7080\n', '/etc/b.YML')).toEqual(settings)
})

it('says which file is wrong and where', async () => {
  await expect(parseConfigFile('{"id":', 'b.json')).rejects.toMatchObject({
    code: 'INVALID_SETTING',
    message: expect.stringContaining('b.json cannot be read'),
  })
  await expect(parseConfigFile('a: [1', 'b.yaml')).rejects.toThrow(/b\.yaml cannot be read: .*line 1/s)
  await expect(parseConfigFile('', 'b.toml')).rejects.toThrow('must end in .json, .yaml or .yml')
})
