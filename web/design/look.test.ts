import assert from 'node:assert/strict';
import { test } from 'node:test';

import { wearOf } from './look';

test('hex colours and lengths are taken', () => {
  assert.deepEqual(wearOf({ color_border: '#FF0000', color_border_selected: '#0f0', color_details: '#0000ff', radius_border: '5px' }), {
    properties: { '--line': '#FF0000', '--line-strong': '#FF0000', '--selected': '#0f0', '--details': '#0000ff', '--radius': '5px', '--radius-control': '5px' },
  });
});

test('a radius without a unit is in pixels', () => {
  assert.equal(wearOf({ radius_border: '8' }).properties['--radius'], '8px');
});

for (const value of ['red', '#12', '#12345', '#1234567', 'url(x)', '#fff;--x:1', 'calc(1px)', '-5px', '1e9px', '5px 5px', '']) {
  test(`"${value}" is neither`, () => {
    assert.deepEqual(wearOf({ color_border: value, color_text: value, radius_border: value }), { properties: {} });
  });
}

test('the ground goes with the text', () => {
  assert.deepEqual([wearOf({ color_text: '#000' }).scheme, wearOf({ color_text: '#ffffff' }).scheme, wearOf({}).scheme], ['light', 'dark', undefined]);
});
