/** The configuration form of a node (XEP-0060 §8.2, §16.4.4): what a node of a `push` service is, and the little that can be set. */
import { type Element } from 'ltx'
import { type NodeSettings } from '../intake/nodes'
import { filledForm } from './forms'

export const NODE_CONFIG = 'http://jabber.org/protocol/pubsub#node_config'

/** The form with the values that are in force. */
export function configForm({ title }: NodeSettings): Element {
  return filledForm([
    { var: 'FORM_TYPE', type: 'hidden', values: [NODE_CONFIG] },
    {
      var: 'pubsub#title',
      type: 'text-single',
      label: 'A name for the node',
      ...(title === undefined ? {} : { values: [title] }),
    },
    {
      var: 'pubsub#access_model',
      type: 'list-single',
      label: 'Who may see it',
      values: ['whitelist'],
      options: ['whitelist'],
    },
    {
      var: 'pubsub#publish_model',
      type: 'list-single',
      label: 'Who may publish',
      values: ['publishers'],
      options: ['publishers'],
    },
  ])
}
