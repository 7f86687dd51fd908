/** Prosody's internal storage, written by Prosody's own code (`util.datamanager`). */
import { execFileSync } from 'node:child_process'
import { programPath } from './available'

const program = `
package.path = "/usr/lib/prosody/?.lua;" .. package.path
package.cpath = "/usr/lib/prosody/?.so;" .. package.cpath
local manager = require "util.datamanager"
local json = require "util.json"
local asked = json.decode(io.read("*a"))
manager.set_data_path(asked.path)
for _, each in ipairs(asked.entries) do
  assert(manager.store(each.user, asked.host, asked.store, each.data))
end
`

/** Writes one entry for each user below `path`, as a module of `host` would. */
export function writeProsodyData(asked: {
  readonly path: string
  readonly host: string
  readonly store: string
  readonly entries: readonly { readonly user: string; readonly data: Readonly<Record<string, unknown>> }[]
}): void {
  const lua = ['lua5.4', 'lua5.3', 'lua5.2', 'lua'].map(programPath).find((path) => path !== undefined)
  if (lua === undefined) throw new Error('there is no Lua, which Prosody itself needs')
  execFileSync(lua, ['-e', program], { input: JSON.stringify(asked), stdio: ['pipe', 'ignore', 'pipe'] })
}
