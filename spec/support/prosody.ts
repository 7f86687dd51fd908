/** A real Prosody for specs, ended with them; see `lib/sim/prosody-process.ts` for what it is given. */
import { type ProsodyOptions, type ProsodyProcess, startProsodyProcess } from '../../lib/sim/prosody-process'
import { programPath } from './available'

/** Starts Prosody with a component's port and mod_cloud_notify, where `realDescribe('prosody', …)` found it. */
export function startProsody(options: ProsodyOptions): Promise<ProsodyProcess> {
  const program = programPath('prosody')
  return startProsodyProcess({ ...(program === undefined ? {} : { program }), ...options })
}
