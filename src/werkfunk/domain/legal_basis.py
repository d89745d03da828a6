"""Why personal data may be processed (Art. 6 DSGVO): what each column and each log field names as its basis."""

CONTRACT = "Art. 6 (1) b DSGVO: needed to provide the service"
INTEREST = "Art. 6 (1) f DSGVO: safe operation"
SAFETY = "Art. 6 (1) c and f DSGVO, §10 ArbSchG: to alarm people in danger and to show afterwards that it was done"
CONSENT = "Art. 6 (1) a DSGVO: the person gives it, and may take it back at any time"
