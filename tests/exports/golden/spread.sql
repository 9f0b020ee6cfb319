BEGIN TRANSACTION;
CREATE TABLE batch_results ("id" TEXT, "custom_id" TEXT, "status" TEXT, "response" TEXT, "error" TEXT, "stop_reason" TEXT, "model" TEXT, "input_tokens" INTEGER, "output_tokens" INTEGER, "cost" REAL, "batch_id" TEXT, "source.id" ANY, "lang" ANY, "weight" ANY, "tags" ANY, "label" ANY, "sure" ANY, "score" ANY, "n" ANY, copy INTEGER NOT NULL, created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (batch_id, custom_id, copy)) STRICT;
INSERT INTO "batch_results" VALUES('T 1','T_1','succeeded','{"label":"billing","sure":true,"score":0.5}',NULL,'end_turn','claude-haiku-4-5',400,25,0.0002625,'msgbatch_1','T 1','de',1,'["a",1]','billing',1,0.5,NULL,0,'then');
INSERT INTO "batch_results" VALUES('T 2','T_2','errored',NULL,'overloaded_error: Overloaded',NULL,NULL,NULL,NULL,0.0,'msgbatch_1','T 2','fr',2,'["a",2]',NULL,NULL,NULL,NULL,0,'then');
INSERT INTO "batch_results" VALUES('T 3','T_3','succeeded','=cmd|"/c calc"!A1
second line, with comma',NULL,'max_tokens','claude-haiku-4-5',400,25,0.0002625,'msgbatch_1','T 3','de',3,'["a",3]',NULL,NULL,NULL,NULL,0,'then');
INSERT INTO "batch_results" VALUES('T 4','T_4','succeeded','the last of the source, first in the file',NULL,'end_turn','claude-haiku-4-5',400,25,0.0002625,'msgbatch_1','T 4','fr',4,'["a",4]',NULL,NULL,NULL,NULL,0,'then');
INSERT INTO "batch_results" VALUES('T 4','T_4','succeeded','the same custom_id again',NULL,'end_turn','claude-haiku-4-5',400,25,0.0002625,'msgbatch_1','T 4','fr',4,'["a",4]',NULL,NULL,NULL,NULL,1,'then');
INSERT INTO "batch_results" VALUES('T 5','T_5','succeeded','{"label": "bug", "n": 3}',NULL,'tool_use','claude-haiku-4-5',400,25,0.0002625,'msgbatch_1','T 5','de',5,'["a",5]','bug',NULL,NULL,3,0,'then');
INSERT INTO "batch_results" VALUES('T 6','T_6','expired',NULL,NULL,NULL,NULL,NULL,NULL,0.0,'msgbatch_1','T 6','fr',6,'["a",6]',NULL,NULL,NULL,NULL,0,'then');
INSERT INTO "batch_results" VALUES('T 7','T_7','canceled',NULL,NULL,NULL,NULL,NULL,NULL,0.0,'msgbatch_1','T 7','de',7,'["a",7]',NULL,NULL,NULL,NULL,0,'then');
INSERT INTO "batch_results" VALUES('T 8','T_8','succeeded','请求退款]52;c;ZXZpbA== ‮[/x] a',NULL,'end_turn','claude-haiku-4-5',1400,25,0.0003125,'msgbatch_1','T 8','fr',8,'["a",8]',NULL,NULL,NULL,NULL,0,'then');
INSERT INTO "batch_results" VALUES('T 9','T_9','from_the_future',NULL,'{"type":"from_the_future","x":1}',NULL,NULL,NULL,NULL,NULL,'msgbatch_1','T 9','de',9,'["a",9]',NULL,NULL,NULL,NULL,0,'then');
INSERT INTO "batch_results" VALUES('T_10','T_10','succeeded','no source row',NULL,'end_turn','claude-haiku-4-5',400,25,0.0002625,'msgbatch_1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,'then');
INSERT INTO "batch_results" VALUES('','','unparsed',NULL,'not readable: {broken',NULL,NULL,NULL,NULL,NULL,'msgbatch_1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,'then');
INSERT INTO "batch_results" VALUES('T_11','T_11','succeeded','a\ud800b',NULL,'end_turn','claude-haiku-4-5',400,25,0.0002625,'msgbatch_1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,'then');
COMMIT;