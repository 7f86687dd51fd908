/** `xmpp-push send` and `devices test`: a test push to a device and what came of it, or what it would be. */
import { type Answers, type Tested } from '../admin/questions'
import { operate, type OperatorWords } from './operate'
import { aligned } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

/** What became of it, in a sentence. */
function endText({ outcome, end, held }: Tested): string {
  if (end === 'delivered') return 'the push service took it'
  if (end !== undefined)
    return `it ended as ${end}${outcome === undefined || outcome.is === 'delivered' ? '' : `: ${outcome.why}`}`
  if (held !== undefined) return `it waits, for the app is held: ${held}`
  if (outcome === undefined) return 'it waits; nothing was heard of it yet'
  return outcome.is === 'delivered' ? 'the push service took it' : `it is tried again, ${outcome.is}: ${outcome.why}`
}

function testedLines(tested: Tested): readonly string[] {
  const { device, delivery } = tested
  return [
    `push ${delivery} to the device ${device.id} of ${device.owner} (${device.app}): ${endText(tested)}`,
    `→ xmpp-push explain ${delivery}`,
  ]
}

function previewLines({ device, request: { method, url, headers, body } }: Answers['preview']): readonly string[] {
  return [
    `to the device ${device.id} of ${device.owner} (${device.app}) this would be sent; nothing was:`,
    `  ${method} ${url}`,
    ...aligned(Object.entries(headers).map(([name, value]) => [`  ${name}:`, value])),
    '',
    `  ${body}`,
  ]
}

/** Ends with 0 once the push is accepted, whatever the push service said of it. */
export function sendTest(name: string, words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  return operate(words, { ask: 'test', name, by: 'the command' }, testedLines, terminal)
}

export function previewTest(name: string, words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  return operate(words, { ask: 'preview', name }, previewLines, terminal)
}
