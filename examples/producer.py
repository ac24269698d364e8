"""Ask for a decision on a payment, then label the payment as fraud: `python producer.py [ADDRESS]`."""

import sys
import time
import uuid

import httpx

address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
payment = {
    "transaction_id": f"example-{uuid.uuid4()}",
    "user_id": "example-customer",
    "event_time": round(time.time() * 1000),
    "amount": 420.0,
    "currency": "EUR",
    "merchant_id": "example-shop",
    "country": "DE",
}
label = {
    "label_id": f"case-{payment['transaction_id']}",  # repeat the request with the same id if it fails
    "transaction_id": payment["transaction_id"],
    "verdict": "fraud",
    "labeler": "ana",
}

with httpx.Client(base_url=address, timeout=10) as weir:
    decision = weir.post("/v1/decisions", json=payment).raise_for_status().json()
    print(f"decision: {decision['decision']}, score: {decision['score']}, from the {decision['source']}")
    weir.post("/v1/labels", json=label).raise_for_status()  # 202: the broker has the label
    print("receipt:", weir.get(f"/v1/labels/{label['label_id']}").raise_for_status().json())
