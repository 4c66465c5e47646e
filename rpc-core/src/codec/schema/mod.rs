//! The types of what methods take and return, by schemars.
//!
//! [`normal`] reads a schema into a [`shape`]; [`names`] brings the two directions together, since
//! serde may write another form than it reads.

mod names;
mod normal;
mod shape;
mod union;

use std::collections::BTreeSet;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use names::{Form, Names, Types};
use normal::Reader;
use shape::Shape;

use super::contract::Method;
use super::contracts::Contracts;
use super::probe::SchemaOf;
use super::shapes::MethodShapes;

/// Returns the types of all methods in order, and those that they refer to.
pub(super) fn shapes(contracts: &Contracts) -> (Vec<MethodShapes>, Option<Value>) {
    let methods: Vec<&Method> = contracts.iter().flat_map(|contract| contract.endpoints()).collect();
    let requests = Direction::read(SchemaSettings::draft2020_12().for_deserialize(), &methods, |method| {
        vec![method.schemas.parameters, method.schemas.sent]
    });
    let replies = Direction::read(SchemaSettings::draft2020_12().for_serialize(), &methods, |method| {
        vec![method.schemas.value, method.schemas.returned, method.schemas.error]
    });
    let names = Names::new(&requests.types, &replies.types);
    let json = |form, shapes: &[Shape]| shapes.iter().map(|shape| names.json(form, shape)).collect();
    let shapes = requests.methods.iter().zip(&replies.methods).map(|(takes, returns)| MethodShapes {
        parameters: json(Form::Request, &takes[0]),
        sent: json(Form::Request, &takes[1]),
        value: json(Form::Reply, &returns[0]),
        returned: json(Form::Reply, &returns[1]),
        error: json(Form::Reply, &returns[2]),
    });
    (shapes.collect(), names.types())
}

/// All that goes in one direction.
struct Direction {
    /// For each method the types in each place.
    methods: Vec<Vec<Vec<Shape>>>,
    /// The types that those refer to.
    types: Types,
}

impl Direction {
    fn read(
        settings: SchemaSettings,
        methods: &[&Method],
        places: impl Fn(&Method) -> Vec<&'static [SchemaOf]>,
    ) -> Direction {
        let mut generator = settings.into_generator();
        let schemas = methods.iter().map(|method| {
            let places = places(method).into_iter();
            places.map(|place| place.iter().map(|schema| make(*schema, &mut generator)).collect()).collect()
        });
        let schemas: Vec<Vec<Vec<Value>>> = schemas.collect();
        let definitions = generator.take_definitions(false);
        let reader = Reader::new(&definitions);
        let read = |place: &Vec<Value>| place.iter().map(|schema| reader.read(schema)).collect();
        let methods: Vec<Vec<Vec<Shape>>> = schemas.iter().map(|places| places.iter().map(read).collect()).collect();
        let types = referred_to(methods.iter().flatten().flatten(), &definitions, &reader);
        Direction { methods, types }
    }
}

fn make(schema: SchemaOf, generator: &mut SchemaGenerator) -> Value {
    schema.map_or(Value::Bool(true), |make| make(generator).to_value())
}

/// Returns the types that these refer to, directly or by others.
fn referred_to<'s>(
    roots: impl Iterator<Item = &'s Shape>,
    definitions: &Map<String, Value>,
    reader: &Reader<'_>,
) -> Types {
    let mut found = BTreeSet::new();
    roots.for_each(|shape| shape.add_references(&mut found));
    let mut waiting: Vec<String> = found.into_iter().map(str::to_owned).collect();
    let mut types = Types::new();
    while let Some(name) = waiting.pop() {
        if types.contains_key(&name) {
            continue;
        }
        let shape = definitions.get(&name).map_or(Shape::Any, |schema| reader.read(schema));
        let mut found = BTreeSet::new();
        shape.add_references(&mut found);
        waiting.extend(found.into_iter().map(str::to_owned));
        types.insert(name, shape);
    }
    types
}
