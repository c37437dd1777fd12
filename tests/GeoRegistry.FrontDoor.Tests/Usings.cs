global using GeoRegistry.FrontDoor.Tests.Clauses;
global using GeoRegistry.FrontDoor.Tests.Content;
global using GeoRegistry.FrontDoor.Tests.Wire;
global using static GeoRegistry.FrontDoor.Tests.Clauses.Level;
global using static System.Net.Http.HttpMethod;
