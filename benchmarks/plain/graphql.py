"""A graphene-django schema over the plain models: relay connections, one mutation per verb."""

from __future__ import annotations

from typing import Any

import graphene
from django.db import transaction
from graphene import relay
from graphene_django import DjangoConnectionField, DjangoObjectType

from benchmarks.plain import models


class Counted(relay.Connection):
    class Meta:
        abstract = True

    total_count = graphene.Int()

    def resolve_total_count(self, info: Any) -> int:
        return int(self.length)


class Person(DjangoObjectType):
    class Meta:
        model = models.Person
        interfaces = (relay.Node,)
        fields = "__all__"
        connection_class = Counted

    company_id = graphene.UUID()


class Company(DjangoObjectType):
    class Meta:
        model = models.Company
        interfaces = (relay.Node,)
        fields = "__all__"
        connection_class = Counted


class Query(graphene.ObjectType):
    person = relay.Node.Field(Person)
    people = DjangoConnectionField(Person, city=graphene.String(), order_by=graphene.String())
    companies = DjangoConnectionField(Company)

    def resolve_people(self, info: Any, city: str | None = None, order_by: str | None = None, **_: Any) -> Any:
        people = models.Person.objects.all()
        if city is not None:
            people = people.filter(city=city)
        return people.order_by(order_by, "id") if order_by is not None else people

    def resolve_companies(self, info: Any, **_: Any) -> Any:
        return models.Company.objects.prefetch_related("people")


class PersonInput(graphene.InputObjectType):
    first_name = graphene.String()
    last_name = graphene.String()
    primary_email = graphene.String()
    additional_emails = graphene.List(graphene.String)
    linkedin_url = graphene.String()
    x_url = graphene.String()
    job_title = graphene.String()
    phone_number = graphene.String()
    phone_country = graphene.String()
    phone_calling_code = graphene.String()
    city = graphene.String()
    avatar_url = graphene.String()
    company_id = graphene.UUID()
    position = graphene.Float()
    department = graphene.String()
    seniority = graphene.Float()
    started_at = graphene.DateTime()


class CreatePerson(graphene.Mutation):
    class Arguments:
        data = PersonInput(required=True)

    person = graphene.Field(Person)

    def mutate(self, info: Any, data: Any) -> CreatePerson:
        return CreatePerson(person=models.Person.objects.create(**data))


class UpdatePerson(graphene.Mutation):
    class Arguments:
        id = graphene.UUID(required=True)
        data = PersonInput(required=True)

    person = graphene.Field(Person)

    def mutate(self, info: Any, id: Any, data: Any) -> UpdatePerson:
        person = models.Person.objects.get(pk=id)
        for name, value in data.items():
            setattr(person, name, value)
        person.save()
        return UpdatePerson(person=person)


class CreatePeople(graphene.Mutation):
    class Arguments:
        data = graphene.List(graphene.NonNull(PersonInput), required=True)

    people = graphene.List(Person)

    def mutate(self, info: Any, data: Any) -> CreatePeople:
        return CreatePeople(people=models.Person.objects.bulk_create([models.Person(**each) for each in data]))


class UpsertPeople(graphene.Mutation):
    class Arguments:
        data = graphene.List(graphene.NonNull(PersonInput), required=True)

    people = graphene.List(Person)

    def mutate(self, info: Any, data: Any) -> UpsertPeople:
        with transaction.atomic():
            people = [
                models.Person.objects.update_or_create(primary_email=each["primary_email"], defaults=each)[0]
                for each in data
            ]
        return UpsertPeople(people=people)


class Mutation(graphene.ObjectType):
    create_person = CreatePerson.Field()
    update_person = UpdatePerson.Field()
    create_people = CreatePeople.Field()
    upsert_people = UpsertPeople.Field()


schema = graphene.Schema(query=Query, mutation=Mutation)
