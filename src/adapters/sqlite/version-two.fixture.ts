/**
 * What a store of version 2 had written: one conversation whose worker was lost, whose answer was begun again and ended, and one
 * like it that is under way, with a cancel in its inbox.
 */
export const ROWS_OF_VERSION_TWO: string = String.raw`
INSERT INTO conversations (key, id, agent, created_at, updated_at, runs, attempt, tip, base, settled, next_item, waiting) VALUES (1, 'ended', 'Agent', 1790000000001, 1790000000015, 1, 2, '2-6', '0-0', '2-6', 2, 0);
INSERT INTO conversations (key, id, agent, created_at, updated_at, runs, attempt, tip, base, settled, next_item, waiting) VALUES (2, 'under-way', 'Agent', 1790000000016, 1790000000029, 1, 2, '2-4', '0-0', '0-0', 3, 0);
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 1, 0, '{"v":1,"type":"attempt-start","attempt":1,"seq":0,"at":1790000000003,"run":1,"worker":"one","follows":"0-0"}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 1, 1, '{"v":1,"attempt":1,"seq":1,"at":1790000000004,"run":1,"type":"run-start","id":"ended-run","agent":"Agent","input":"Tell me.","acceptedAt":1790000000003,"options":{}}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 1, 2, '{"v":1,"attempt":1,"seq":2,"at":1790000000005,"run":1,"type":"step-start","step":1,"kind":"model"}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 1, 3, '{"v":1,"attempt":1,"seq":3,"at":1790000000006,"run":1,"type":"text-delta","step":1,"id":"1","delta":"Once ","sequence":0}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 1, 4, '{"v":1,"attempt":1,"seq":4,"at":1790000000007,"run":1,"type":"text-delta","step":1,"id":"1","delta":"upon\n\"a\" ","sequence":1}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 1, 5, '{"v":1,"attempt":1,"seq":5,"at":1790000000008,"run":1,"type":"text-delta","step":1,"id":"1","delta":"time","sequence":2}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 2, 0, '{"v":1,"type":"attempt-start","attempt":2,"seq":0,"at":1790000000009,"run":1,"worker":"two","follows":"1-5"}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 2, 1, '{"v":1,"attempt":2,"seq":1,"at":1790000000009,"run":1,"type":"step-reset","step":1,"from":"1-2","reason":"interrupted","withdrawsText":true}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 2, 2, '{"v":1,"attempt":2,"seq":2,"at":1790000000010,"run":1,"type":"step-start","step":1,"kind":"model"}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 2, 3, '{"v":1,"attempt":2,"seq":3,"at":1790000000011,"run":1,"type":"text-delta","step":1,"id":"1","delta":"Twice ","sequence":0}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 2, 4, '{"v":1,"attempt":2,"seq":4,"at":1790000000012,"run":1,"type":"text-delta","step":1,"id":"1","delta":"upon","sequence":1}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 2, 5, '{"v":1,"attempt":2,"seq":5,"at":1790000000013,"run":1,"type":"step-end","step":1,"message":{"role":"assistant","content":[{"type":"text","text":"Twice upon"}]},"usage":{"inputTokens":3,"outputTokens":5,"totalTokens":8},"finishReason":"stop"}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (1, 2, 6, '{"v":1,"attempt":2,"seq":6,"at":1790000000014,"run":1,"type":"run-completed","usage":{"inputTokens":3,"outputTokens":5,"totalTokens":8}}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 1, 0, '{"v":1,"type":"attempt-start","attempt":1,"seq":0,"at":1790000000018,"run":1,"worker":"one","follows":"0-0"}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 1, 1, '{"v":1,"attempt":1,"seq":1,"at":1790000000019,"run":1,"type":"run-start","id":"under-way-run","agent":"Agent","input":"Tell me.","acceptedAt":1790000000018,"options":{}}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 1, 2, '{"v":1,"attempt":1,"seq":2,"at":1790000000020,"run":1,"type":"step-start","step":1,"kind":"model"}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 1, 3, '{"v":1,"attempt":1,"seq":3,"at":1790000000021,"run":1,"type":"text-delta","step":1,"id":"1","delta":"Once ","sequence":0}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 1, 4, '{"v":1,"attempt":1,"seq":4,"at":1790000000022,"run":1,"type":"text-delta","step":1,"id":"1","delta":"upon\n\"a\" ","sequence":1}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 1, 5, '{"v":1,"attempt":1,"seq":5,"at":1790000000023,"run":1,"type":"text-delta","step":1,"id":"1","delta":"time","sequence":2}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 2, 0, '{"v":1,"type":"attempt-start","attempt":2,"seq":0,"at":1790000000024,"run":1,"worker":"two","follows":"1-5"}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 2, 1, '{"v":1,"attempt":2,"seq":1,"at":1790000000024,"run":1,"type":"step-reset","step":1,"from":"1-2","reason":"interrupted","withdrawsText":true}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 2, 2, '{"v":1,"attempt":2,"seq":2,"at":1790000000025,"run":1,"type":"step-start","step":1,"kind":"model"}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 2, 3, '{"v":1,"attempt":2,"seq":3,"at":1790000000026,"run":1,"type":"text-delta","step":1,"id":"1","delta":"Twice ","sequence":0}');
INSERT INTO entries (conversation, attempt, seq, event) VALUES (2, 2, 4, '{"v":1,"attempt":2,"seq":4,"at":1790000000027,"run":1,"type":"text-delta","step":1,"id":"1","delta":"upon","sequence":1}');
INSERT INTO voided (conversation, reset_attempt, reset_seq, start) VALUES (1, 2, 1, '1-2');
INSERT INTO voided (conversation, reset_attempt, reset_seq, start) VALUES (2, 2, 1, '1-2');
INSERT INTO inbox (conversation, item, kind, content) VALUES (2, 2, 'cancel', '{"kind":"cancel","upTo":1,"itemId":2,"at":1790000000029}');
INSERT INTO records (conversation, run, record) VALUES (1, 1, '{"run":1,"id":"ended-run","agent":"Agent","status":"completed","input":"Tell me.","options":{},"messages":[{"role":"assistant","content":[{"type":"text","text":"Twice upon"}]}],"text":"Twice upon","usage":{"inputTokens":3,"outputTokens":5,"totalTokens":8},"acceptedAt":1,"startedAt":1,"endedAt":1,"attempts":2,"steps":1,"from":"1-0","to":"2-6"}');
INSERT INTO answers (conversation, request_key, run, run_id, fingerprint, until) VALUES (1, 'key', 1, 'ended-run', NULL, 1790086400001);
INSERT INTO answers (conversation, request_key, run, run_id, fingerprint, until) VALUES (2, 'key', 1, 'under-way-run', NULL, 1790086400016);
`;
