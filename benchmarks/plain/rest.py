"""REST framework's viewsets over the plain models."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from rest_framework import pagination, parsers, renderers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from benchmarks.plain.models import Company, Person


class PeopleSerializer(serializers.ListSerializer[Any]):
    """Many at a time, as the guide customises them."""

    def create(self, validated_data: Any) -> Any:
        return Person.objects.bulk_create([Person(**each) for each in validated_data])

    def update(self, instance: Any, validated_data: Any) -> Any:
        by_email = {person.primary_email: person for person in instance}
        saved = []
        for data in validated_data:
            person = by_email.get(data["primary_email"])
            saved.append(self.child.create(data) if person is None else self.child.update(person, data))
        return saved


class PersonSerializer(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = "__all__"
        list_serializer_class = PeopleSerializer


class UpsertSerializer(PersonSerializer):
    class Meta(PersonSerializer.Meta):
        extra_kwargs = {"primary_email": {"validators": []}}


class CompanySerializer(serializers.ModelSerializer[Company]):
    class Meta:
        model = Company
        fields = "__all__"


class DeepPersonSerializer(PersonSerializer):
    company_record = CompanySerializer(source="company", read_only=True)


class Pages(pagination.CursorPagination):
    page_size = 60
    page_size_query_param = "limit"
    ordering = "id"


class CountedPages(pagination.LimitOffsetPagination):
    default_limit = 60


class People(viewsets.ModelViewSet[Person]):
    queryset = Person.objects.all()
    serializer_class = PersonSerializer
    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (renderers.JSONRenderer,)
    parser_classes = (parsers.JSONParser,)
    pagination_class: Any = Pages
    filter_backends = (OrderingFilter,)
    ordering_fields = ["last_name"]

    def get_queryset(self) -> Any:
        people = super().get_queryset()
        city = self.request.query_params.get("city")
        return people if city is None else people.filter(city=city)

    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        serializer = PersonSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            serializer.save()
        return Response(serializer.data, status=201)

    @action(detail=False, methods=["post"])
    def upsert(self, request: Request) -> Response:
        emails = [each["primary_email"] for each in request.data]
        with transaction.atomic():
            people = Person.objects.filter(primary_email__in=emails)
            serializer = UpsertSerializer(people, data=request.data, many=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return Response(serializer.data, status=200)


class CountedPeople(People):
    pagination_class = CountedPages


class OrderedPeople(People):
    """In a given order, which a page of cursors has fixed; without their number."""

    pagination_class = None

    def filter_queryset(self, queryset: Any) -> Any:
        return super().filter_queryset(queryset)[:60]


class DeepPeople(People):
    queryset = Person.objects.select_related("company")
    serializer_class = DeepPersonSerializer


router = SimpleRouter()
router.register("people", People, "person")
router.register("counted-people", CountedPeople, "counted-person")
router.register("ordered-people", OrderedPeople, "ordered-person")
router.register("deep-people", DeepPeople, "deep-person")
