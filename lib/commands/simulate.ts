/** `xmpp-push simulate`: the whole line on loopback. */
import { type ExitCode, type Terminal } from './terminal'

export async function simulate(
  _words: { readonly once: boolean; readonly serve: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  terminal.err('simulate: not built yet\n')
  return 1
}
