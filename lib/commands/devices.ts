/** `xmpp-push devices`: lists, shows, removes registrations; erases a person. */
import { type Answers, type DeviceView } from '../admin/questions'
import { operate, type OperatorWords } from './operate'
import { aligned, counted, moment } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

export interface ListWords extends OperatorWords {
  readonly owner?: string
  readonly app?: string
  readonly after?: string
  readonly limit: number
}

/** p2, from which devices may have been taken over, did not note it. */
function registeredAt({ registeredAt: at }: DeviceView): string {
  return at === 0 ? 'elsewhere, before it was taken over' : moment(at)
}

/** Everything about each device, a fact a line. */
export function deviceLines(devices: readonly DeviceView[]): readonly string[] {
  return devices.flatMap((device) => [
    `device ${device.id}`,
    ...aligned(
      [
        ['owner', device.owner],
        ['app', device.app],
        ['node', `${device.node} at ${device.service}`],
        ['registered', `${registeredAt(device)}, by ${device.dialect}`],
        ['last seen', moment(device.seenAt)],
        ['token', device.address ?? 'comes with each publish'],
        ...(device.callAddress === undefined ? [] : [['for calls', device.callAddress]]),
        ...(device.environment === undefined ? [] : [['environment', device.environment]]),
      ].map(([name = '', value = '']) => [`  ${name}`, value]),
    ),
  ])
}

function listLines({ devices, next }: Answers['devices']): readonly string[] {
  if (devices.length === 0) return ['no devices']
  const rows = devices.map(({ id, owner, app, address, seenAt }) => [id, owner, app, address ?? '-', moment(seenAt)])
  const more = next === undefined ? [] : [`more: --after ${next}`]
  return [...aligned([['ID', 'OWNER', 'APP', 'TOKEN', 'LAST SEEN'], ...rows]), ...more]
}

function erasedLines({ owner, devices, tombstones, deliveries, traces }: Answers['erase']): readonly string[] {
  return [
    ...deviceLines(devices),
    `erased of ${owner}: ${counted(devices.length, 'device')}, ${counted(tombstones, 'note')} of devices that were, ` +
      `${counted(deliveries, 'waiting push', 'waiting pushes')}, ${counted(traces, 'trace')} of pushes`,
  ]
}

export function listDevices({ owner, app, after, limit, ...words }: ListWords, terminal: Terminal): Promise<ExitCode> {
  const question = {
    ask: 'devices' as const,
    ...(owner === undefined ? {} : { owner }),
    ...(app === undefined ? {} : { app }),
    ...(after === undefined ? {} : { after }),
    limit,
  }
  return operate(words, question, listLines, terminal)
}

export function showDevice(name: string, words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  return operate(words, { ask: 'device', name }, ({ devices }) => deviceLines(devices), terminal)
}

export function removeDevice(name: string, words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  const lines = ({ removed }: Answers['remove']): readonly string[] => [
    ...deviceLines(removed),
    `removed ${counted(removed.length, 'device')}; the next publish to it is answered item-not-found`,
  ]
  return operate(words, { ask: 'remove', name }, lines, terminal)
}

export function eraseOwner(owner: string, words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  return operate(words, { ask: 'erase', owner }, erasedLines, terminal)
}
