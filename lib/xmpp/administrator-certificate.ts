/**
 * Administrators' command "Set APNS certificate", by the name that Tigase's push component gives it: takes a .p12 for an app, or takes it back.
 * What it does, the desk does. The password is never sent back.
 */
import { bareOf } from '../model/jid'
import { formType, line, ranOf, type AdministratorCommand } from './administrator-command'
import { valueOf } from './forms'

export const setApnsCertificate: AdministratorCommand = ({ ask, apps }) => ({
  node: 'admin#set-apns-certificate',
  name: 'Set APNS certificate',
  instructions:
    'The certificate takes the place of what the configuration names for the app, at once and after a restart. `base64 -w 0 push.p12` prints the text.',
  form: () => [
    formType,
    {
      ...{ var: 'app', type: 'list-single', label: 'App', required: true },
      options: apps()
        .filter(({ speaks }) => speaks === 'apns')
        .map(({ name }) => name),
    },
    { var: 'certificate', type: 'text-multi', label: 'The .p12 in base64' },
    { var: 'password', type: 'text-private', label: 'Its password' },
    { var: 'remove', type: 'boolean', label: 'Or remove the one that was handed in before', values: ['0'] },
  ],
  async run(fields, requester) {
    const [app, password] = [valueOf(fields, 'app'), valueOf(fields, 'password')]
    const certificate = fields.get('certificate')?.join('\n')
    const by = bareOf(requester)
    if (app === undefined) return { is: 'wrong', text: '"app" is missing: the app that the certificate is for.' }
    if (['1', 'true'].includes(valueOf(fields, 'remove') ?? '')) {
      return ranOf(await ask({ ask: 'drop-certificate', app, by }), () => ({
        is: 'completed',
        fields: [formType, line('result', 'Result', `What the configuration names counts again for ${app}.`)],
      }))
    }
    if (certificate === undefined) {
      return { is: 'wrong', text: '"certificate" is missing or longer than 16 KiB: the .p12 in base64.' }
    }
    const question = { ask: 'set-certificate', app, certificate, by } as const
    const reply = await ask(password === undefined ? question : { ...question, password })
    return ranOf(reply, ({ facts }) => ({
      is: 'completed',
      fields: [
        ...[formType, line('result', 'Result', `It is in force for ${app}, and kept encrypted.`)],
        line('facts', 'What was read', ...facts),
      ],
    }))
  },
})
