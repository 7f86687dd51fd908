/** `xmpp-push fuse reset`: lets dead tokens of an app be forgotten again. */
import { operate, type OperatorWords } from './operate'
import { type ExitCode, type Terminal } from './terminal'

export function resetFuse(app: string, words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  const lines = ({ was }: { readonly was: string }): readonly string[] => [
    `the fuse of ${app} is reset; it had blown because ${was}`,
  ]
  return operate(words, { ask: 'fuse-reset', app }, lines, terminal)
}
