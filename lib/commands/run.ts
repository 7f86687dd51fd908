/** `xmpp-push run`: the service. */
import { type ExitCode, type Terminal } from './terminal'

export async function run(_words: { readonly file: string }, terminal: Terminal): Promise<ExitCode> {
  terminal.err('run: not built yet\n')
  return 1
}
