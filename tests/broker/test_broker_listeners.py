"""The broker's two listeners: one for its own network, one for clients outside it."""

from confluent_kafka.admin import AdminClient


def test_each_listener_leads_its_clients_back_to_itself(kafka):
    for port in (kafka.port, kafka.host_port):
        metadata = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}"}).list_topics(timeout=30)
        assert [(broker.host, broker.port) for broker in metadata.brokers.values()] == [("127.0.0.1", port)]
